"""The price history that ships with the program: its data, and the script that builds it from public recordings.

README.md says what each file holds. How evidence becomes a history is in `fold_evidence.py`; how it enters a warehouse
in `pipelines.snapshots.seed_history`.
"""
