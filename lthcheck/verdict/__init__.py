"""The verdict: the five conditions, the judge and its words. Pure functions of evidence; no torch."""
