"""The facts about serving open models that ship with the program, built again from collected tables."""
