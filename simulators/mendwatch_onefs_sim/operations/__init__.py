"""What runs on the cluster besides its file system: jobs, checks, licences, upgrades, services and the policies of its pools."""
