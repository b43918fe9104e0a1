-- What the usage of the last days would cost at other models: your own task classes, newest day decided.
FROM what_if
QUALIFY as_of = max(as_of) OVER ()
ORDER BY ALL;
