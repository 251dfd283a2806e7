"""What statistics/summary shows: activity of protocols, clients, drives, paths and workloads, and how it can be changed."""
