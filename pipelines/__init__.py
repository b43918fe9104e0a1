"""The inference cost warehouse: what AI model calls cost, on any date, from evidence."""
