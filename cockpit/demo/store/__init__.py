"""What is stored and what was: every write checked, versioned and told, every deletion followed to its end."""
