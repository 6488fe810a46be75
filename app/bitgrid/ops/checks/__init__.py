"""What `bitgrid doctor` checks: each asks one thing as a person would and says how to mend it. Looks only."""
