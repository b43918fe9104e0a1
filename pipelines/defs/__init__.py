"""All that Dagster sees, thin: assets, checks, jobs, schedules and sensors that call `pipelines.steps`.

No thinking here: an asset reads its resource, calls one step and reports what it returned.
"""
