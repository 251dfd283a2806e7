"""The network: interfaces, subnets, pools with SmartConnect, access zones."""
