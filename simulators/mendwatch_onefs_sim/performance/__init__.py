"""Performance datasets: by what workloads are told apart, which are pinned, and how many operations each may do."""
