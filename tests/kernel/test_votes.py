"""What single votes say, where no row of the table tells it."""
