"""The gradient against central differences of the cost, parameter by parameter (explain.md section 2)."""
