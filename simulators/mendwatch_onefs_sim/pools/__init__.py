"""Storage pools: node pools, tiers, and the settings that hold for all."""
