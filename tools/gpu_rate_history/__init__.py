"""The GPU rate history that ships with the program: its data, and the script that builds it from public recordings.

README.md says what each file holds. How the rows enter a warehouse is in
`pipelines.snapshots.shipped_gpu_rates` and `pipelines.snapshots.seed_history`.
"""
