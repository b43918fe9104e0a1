-- is_aggregator(standing): whether a source repeats what others print. One that is not in the catalog, and so has no
-- standing, repeats nobody.
CREATE OR REPLACE MACRO is_aggregator(standing) AS
standing IS NOT DISTINCT FROM 'aggregator';
