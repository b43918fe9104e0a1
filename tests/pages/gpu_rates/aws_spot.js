callback({"vers": 0.01, "config": {"rate": "perhr", "valueColumns": ["linux", "mswin"], "currencies": ["USD"],
 "regions": [
  {"region": "us-east", "footnotes": {"*": "notAvailableForCCorCGPU"}, "instanceTypes": [
   {"type": "generalCurrentGen", "sizes": [
    {"size": "m6i.xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "0.0615"}},
     {"name": "mswin", "prices": {"USD": "0.2032"}}]}]},
   {"type": "gpuCurrentGen", "sizes": [
    {"size": "g5.12xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "2.4000"}},
     {"name": "mswin", "prices": {"USD": "4.6080"}}]},
    {"size": "p4d.24xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "N/A*"}},
     {"name": "mswin", "prices": {"USD": "N/A*"}}]}]}]},
  {"region": "eu-central-1", "footnotes": {"*": "notAvailableForCCorCGPU"}, "instanceTypes": [
   {"type": "gpuCurrentGen", "sizes": [
    {"size": "g5.12xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "2.8000"}},
     {"name": "mswin", "prices": {"USD": "N/A*"}}]},
    {"size": "g9.xlarge", "valueColumns": [{"name": "linux", "prices": {"USD": "0.5"}}]}]}]}]}});
