"""What open models cost on machines of one's own, rented or owned: measured facts and pure formulas, no database."""
