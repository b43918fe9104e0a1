-- is_first_hand(standing, rank, provider): whether a row is an offer of its provider, among the rows of the query.
-- An aggregator does not count where the provider is read itself; where it is not, the one first in the catalog does.
CREATE OR REPLACE MACRO is_first_hand(standing, rank, provider) AS
NOT is_aggregator(standing) OR (
    bool_and(is_aggregator(standing)) OVER (PARTITION BY provider)
    AND rank = min(rank) OVER (PARTITION BY provider)
);
