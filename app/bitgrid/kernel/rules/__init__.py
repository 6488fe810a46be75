"""The five rules and the user's word, a file each. Each gives its vote from state, memory, rules and load."""
