"""What would change access, and how sure it is: closures, fragile units, comparisons, sites."""
