"""The price history that ships with the program: its data, and the script that builds it from public recordings.

README.md says what each file holds. How evidence becomes a history is `books.price_history`; how it enters a warehouse
is `steps.seeding`.
"""
