"""Pages and APIs of GPU rental rates: one entry per source. What is left out is in docs/gpu_rate_sources.md."""

from pipelines.sources.api_key import ApiKey
from pipelines.sources.gpu_rates.addresses import RUNPOD_QUERY, VAST_QUERY, aws_on_demand_url, aws_reserved_url
from pipelines.sources.gpu_rates.cross_checks import CROSS_CHECKS
from pipelines.sources.parser_function import ParserFunction
from pipelines.sources.source import Source

MIB = 1024 * 1024

GPU_RATES = (
    Source(
        key="runpod_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://api.runpod.io/graphql",),
        parse=ParserFunction("gpu_rates.runpod"),
        min_rows=5,
        is_proven=True,
        accept="application/json",
        json_body={"query": RUNPOD_QUERY},
    ),
    Source(
        key="coreweave_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://www.coreweave.com/pricing",),
        parse=ParserFunction("gpu_rates.coreweave"),
        min_rows=3,
        redirect_hosts=frozenset({"coreweave.com"}),
    ),
    Source(
        key="oracle_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/?currencyCode=USD",),
        parse=ParserFunction("gpu_rates.oracle"),
        min_rows=8,
        is_proven=True,
        accept="application/json",
    ),
    Source(
        key="azure_gpu_rates",
        kind="gpu_rates",
        standing="api",
        urls=(
            "https://prices.azure.com/api/retail/prices?api-version=2023-01-01-preview&"
            "$filter=serviceName%20eq%20%27Virtual%20Machines%27%20and%20"
            "(contains(armSkuName,%20%27Standard_NC%27)%20or%20contains(armSkuName,%20%27Standard_ND%27))",
        ),
        parse=ParserFunction("gpu_rates.azure"),
        min_rows=100,
        accept="application/json",
        max_bytes=128 * MIB,
        next_page=ParserFunction("gpu_rates.azure", "next_page"),
    ),
    # Lists that AWS's own pricing pages read, 0.7 MB a region. Known from public programs that read them in 2026: the
    # addresses, the fields and the price of p5.48xlarge. Unproven: a whole list of ours, and that reservations name the
    # tenancy; so each is a source of its own, and one that is refused takes no other with it.
    Source(
        key="aws_rates",
        kind="gpu_rates",
        standing="api",
        urls=(aws_on_demand_url(),),
        parse=ParserFunction("gpu_rates.aws"),
        min_rows=40,
        accept="application/json",
        max_bytes=40 * MIB,
        next_page=ParserFunction("gpu_rates.aws", "next_region"),
    ),
    *(
        Source(
            key=f"aws_reserved_{years}y_rates",
            kind="gpu_rates",
            standing="api",
            urls=(aws_reserved_url(years),),
            parse=ParserFunction("gpu_rates.aws"),
            min_rows=20,
            accept="application/json",
            max_bytes=40 * MIB,
            next_page=ParserFunction("gpu_rates.aws", "next_reserved_region"),
        )
        for years in (1, 3)
    ),
    # About 2 MB for all regions. It has no date, and readers disagree on how current it is: its rows are never ranked.
    Source(
        key="aws_spot_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://website.spot.ec2.aws.a2z.com/spot.json", "https://website.spot.ec2.aws.a2z.com/spot.js"),
        parse=ParserFunction("gpu_rates.aws_spot"),
        min_rows=20,
        accept="application/json, application/x-javascript",
    ),
    # Prices of Compute Engine's parts, 31,000 in pages of 5000. The key's project must have the Cloud Billing API on.
    Source(
        key="gcp_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://cloudbilling.googleapis.com/v1/services/6F81-5844-456A/skus?currencyCode=USD&pageSize=5000",),
        parse=ParserFunction("gpu_rates.gcp"),
        min_rows=50,
        accept="application/json",
        max_bytes=128 * MIB,
        next_page=ParserFunction("gpu_rates.gcp", "next_page"),
        api_key=ApiKey("GOOGLE_CLOUD_API_KEY", header="X-Goog-Api-Key", prefix=""),
    ),
    Source(
        key="vultr_vm_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://api.vultr.com/v2/plans?type=vcg&per_page=500",),
        parse=ParserFunction("gpu_rates.vultr"),
        min_rows=3,
        accept="application/json",
    ),
    Source(
        key="vultr_metal_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://api.vultr.com/v2/plans-metal?per_page=500",),
        parse=ParserFunction("gpu_rates.vultr"),
        min_rows=2,
        accept="application/json",
    ),
    Source(
        key="scaleway_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://api.scaleway.com/instance/v1/zones/fr-par-2/products/servers?per_page=100",),
        parse=ParserFunction("gpu_rates.scaleway"),
        min_rows=4,
        accept="application/json",
        next_page=ParserFunction("gpu_rates.scaleway", "next_page"),
    ),
    Source(
        key="digitalocean_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://docs.digitalocean.com/products/droplets/details/pricing/",),
        parse=ParserFunction("gpu_rates.digitalocean"),
        min_rows=3,
        accept="text/html",
    ),
    Source(
        key="vast_rates",
        kind="gpu_rates",
        standing="api",
        urls=("https://console.vast.ai/api/v0/bundles/",),
        parse=ParserFunction("gpu_rates.vast"),
        min_rows=3,
        accept="application/json",
        json_body=VAST_QUERY,
    ),
    Source(
        key="lambda_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://lambda.ai/pricing",),
        parse=ParserFunction("gpu_rates.lambda_labs"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="nebius_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://nebius.com/prices",),
        parse=ParserFunction("gpu_rates.nebius"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="crusoe_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://www.crusoe.ai/cloud/pricing",),
        parse=ParserFunction("gpu_rates.crusoe"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="hyperstack_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://www.hyperstack.cloud/gpu-pricing",),
        parse=ParserFunction("gpu_rates.hyperstack"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="modal_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://modal.com/pricing",),
        parse=ParserFunction("gpu_rates.modal"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="replicate_rates",
        kind="gpu_rates",
        standing="page",
        urls=(
            "https://replicate.com/pricing",
            "https://replicate.com/docs/billing",
        ),
        parse=ParserFunction("gpu_rates.replicate"),
        min_rows=5,
        accept="text/html",
    ),
    Source(
        key="huggingface_rates",
        kind="gpu_rates",
        standing="page",
        urls=(
            "https://huggingface.co/docs/inference-endpoints/en/support/pricing.md",
            "https://huggingface.co/docs/inference-endpoints/support/pricing",
        ),
        parse=ParserFunction("gpu_rates.huggingface"),
        min_rows=10,
        accept="text/markdown, text/html",
    ),
    Source(
        key="fireworks_dedicated_rates",
        kind="gpu_rates",
        standing="page",
        urls=("https://fireworks.ai/pricing",),
        parse=ParserFunction("gpu_rates.fireworks_dedicated"),
        min_rows=2,
        accept="text/html",
    ),
    *CROSS_CHECKS,
)
