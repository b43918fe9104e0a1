"""Benchmarks of the usage ledger: paired ratios against peers and against plain scans. No part of the product."""
