"""The GPU rate history that ships with the program: its data, and the script that builds it from public recordings.

README.md says what each file holds. How the rows become versions is `books.gpu_rate_history`; how these enter a
warehouse is `steps.seeding`.
"""
