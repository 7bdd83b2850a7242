"""Advice: what to try first on a network and data set, from the guideline of Ma et al. 2021 and what a store knows."""
