-- Queries that DuckDB takes over t(id, a, b, f, s, l, d, doc) and u(id, a, name), one a line. The binder must name the same columns, or say it cannot know.
SELECT * FROM t
FROM t
FROM t SELECT id, a
SELECT t.* FROM t
SELECT silver.t.id FROM silver.t
SELECT x.id, x.b AS bb FROM t AS x
SELECT * EXCLUDE (a, b) FROM t
SELECT * EXCLUDE a REPLACE (upper(b) AS b) RENAME (d AS day) FROM t
SELECT t.* EXCLUDE (id), u.id FROM t JOIN u ON t.id = u.id
SELECT * FROM t JOIN u USING (id)
SELECT * FROM t LEFT JOIN u USING (id, a)
SELECT * FROM t FULL JOIN u USING (id)
SELECT * FROM t NATURAL JOIN u
SELECT id, t.a, u.a AS ua FROM t RIGHT JOIN u USING (id)
SELECT * FROM t SEMI JOIN u USING (id)
SELECT * FROM t ANTI JOIN u ON t.id = u.id
SELECT t.id, u.name FROM t ASOF JOIN u ON t.id = u.id AND t.a >= u.a
SELECT t.id, x.id AS y FROM t POSITIONAL JOIN u AS x
SELECT t.id, u.id AS u FROM t, u WHERE t.id = u.id
SELECT t.id, u.id AS u FROM t CROSS JOIN u
SELECT id AS x, x + 1 AS y, y * 2 AS z FROM t WHERE x > 0
SELECT id AS x FROM t WHERE x > 0 GROUP BY x HAVING x > 0 ORDER BY x
SELECT a, sum(f) FROM t GROUP BY ALL ORDER BY ALL
SELECT a, sum(f) AS total, count(*) AS n FROM t GROUP BY 1 HAVING n >= 0 ORDER BY 2 LIMIT 3
SELECT a + 1, upper(b), id::VARCHAR, a::DECIMAL(10,2), -a, a IS NULL, b LIKE 'x%', CASE WHEN a > 1 THEN 1 ELSE 2 END FROM t
SELECT count(*), max(a), min(b) AS m, count(DISTINCT a), string_agg(b, ',' ORDER BY a) FROM t
SELECT s.x, s.y.z, s['x'], t.s.x AS q, struct_extract(s, 'x') AS e FROM t
SELECT l[1], l[1:2], list_transform(l, lambda v: v + 1) AS t1, list_transform(l, lambda v, i: v + i) AS t2, [w * 2 FOR w IN l IF w > 1] AS c FROM t
SELECT list_filter(l, v -> v > 1) AS t1, list_reduce(l, lambda acc, v: acc + v) AS r FROM t
SELECT doc->>'$.k' AS k, doc->'k' AS j, json_extract(doc, '$.k') AS e FROM t
SELECT b.upper(), b.upper().lower() AS low, t.b.lower() AS x FROM t
SELECT t FROM t
SELECT row_number() OVER (PARTITION BY a ORDER BY d) AS rn, lag(a) OVER w AS p FROM t WINDOW w AS (ORDER BY id)
SELECT * FROM t QUALIFY row_number() OVER (PARTITION BY a ORDER BY d DESC) = 1
SELECT id, rank() OVER (ORDER BY a) AS r FROM t QUALIFY r = 1
WITH x AS (SELECT id, a FROM t), y AS (SELECT x.id FROM x JOIN u USING (id)) SELECT * FROM y
WITH x(p, q) AS MATERIALIZED (SELECT id, a FROM t) SELECT p, q FROM x
WITH t AS (SELECT id FROM silver.t) SELECT id FROM t
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r
WITH RECURSIVE r AS (SELECT id, 1 AS depth FROM t UNION ALL SELECT r.id, depth + 1 FROM r WHERE depth < 3) SELECT * FROM r
WITH a AS (WITH b AS (SELECT id FROM t) SELECT * FROM b) SELECT * FROM a
SELECT * FROM (SELECT id, a AS k FROM t) x
SELECT * FROM (SELECT id, a FROM t) x(p, q)
SELECT p FROM t AS x(p)
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, c)
SELECT * FROM (VALUES (1, 'a'))
VALUES (1, 2)
SELECT id FROM t UNION SELECT id FROM u ORDER BY id
SELECT id, a FROM t UNION ALL BY NAME SELECT id, name FROM u
(SELECT id FROM t) EXCEPT (SELECT id FROM u)
SELECT id FROM t INTERSECT SELECT id FROM u LIMIT 1
SELECT id FROM t UNION ALL SELECT id FROM u UNION ALL SELECT a FROM t ORDER BY 1
SELECT id FROM t WHERE a IN (SELECT u.a FROM u WHERE u.id = t.id)
SELECT id FROM t WHERE EXISTS (FROM u WHERE u.id = t.id AND name = b)
SELECT id, (SELECT max(name) FROM u WHERE u.id = t.id) AS n FROM t
SELECT id, (SELECT count(*) FROM u WHERE a = t.a) FROM t
SELECT t.id, z.q FROM t, LATERAL (SELECT t.a + 1 AS q) z
SELECT t.id, z.q FROM t JOIN LATERAL (SELECT u.name AS q FROM u WHERE u.id = t.id) z ON TRUE
SELECT id, unnest(l) AS x FROM t
SELECT id, unnest(s) FROM t
SELECT t.id, x.y FROM t, unnest(t.l) AS x(y)
SELECT t.id, x.unnest FROM t CROSS JOIN unnest(t.l) x
SELECT * FROM range(3) r(i)
SELECT range FROM range(3)
SELECT i, t.id FROM t, generate_series(1, 2) g(i)
SELECT s.* FROM t
SELECT COLUMNS('a|b') FROM t
SELECT COLUMNS(c -> c LIKE 'a%') FROM t
SELECT COLUMNS(*) FROM u
SELECT COLUMNS(* EXCLUDE (name)) + 1 FROM u
SELECT min(COLUMNS(* EXCLUDE (name))) FROM u
SELECT * FROM t PIVOT (sum(f) FOR a IN (1, 2) GROUP BY b)
PIVOT t ON a IN (1, 2) USING sum(f) AS total GROUP BY b
SELECT * FROM u UNPIVOT (v FOR n IN (id, a))
UNPIVOT u ON id, a INTO NAME n VALUE v
SELECT p.b FROM (PIVOT t ON a IN (1, 2) USING sum(f) GROUP BY b) p
SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, d
SELECT DISTINCT a FROM t
SELECT current_date, current_timestamp, now() FROM t
SELECT "id" AS "My Id", "My Id" + 1 AS nxt FROM t
SELECT ID, A FROM T
SELECT 'ü' AS "ü", "ü" || 'x' AS y FROM t
SELECT {'k': a, 'm': {'n': b}} AS st, st['m'] AS q FROM (SELECT a, b FROM t)
SELECT a, id, a FROM t
SELECT extract(year FROM d) AS y, d + INTERVAL 1 MONTH AS m, date_trunc('month', d) AS g, d::TIMESTAMP AT TIME ZONE 'UTC' AS z FROM t
SELECT trim(both ' ' FROM b) AS x, substring(b FROM 1 FOR 2) AS y, position('x' IN b) AS p FROM t
SELECT sum(a) FILTER (WHERE f > 1) AS x, any_value(b) AS y FROM t
SELECT grouping(a) AS g, a, count(*) AS n FROM t GROUP BY ROLLUP (a)
SELECT a, b, count(*) AS n FROM t GROUP BY GROUPING SETS ((a), (b), ())
SELECT id FROM t USING SAMPLE 10%
SELECT coalesce(t.a, u.a) AS a FROM t LEFT JOIN u ON t.id = u.id ORDER BY t.id, a
SELECT try(a / 0) AS q, try_cast(b AS INT) AS w FROM t
SELECT a AS b, b FROM t ORDER BY b
SELECT m.key, m.value FROM (SELECT unnest(map_entries(map {'x': 1})) AS m)
SELECT id FROM t GROUP BY id HAVING count(*) > (SELECT min(id) FROM u WHERE u.id = t.id)
SELECT list(a ORDER BY id) AS l2, l2[1] AS first FROM t
SELECT arg_max(b, a) AS x, max_by(b, a) AS y FROM t
SELECT * FROM t ORDER BY id LIMIT (SELECT count(*) FROM u)
SELECT a.id FROM t a JOIN t b ON a.id = b.a LEFT JOIN u c ON c.id = b.id
FROM (FROM t SELECT id, a WHERE a > 0) SELECT sum(a) AS q
SELECT if(a > 1, b, 'z') AS i, ifnull(a, 0) AS n, a BETWEEN 1 AND 2 AS bt, a IN (1, 2) AS inn FROM t
SELECT array_agg(DISTINCT b) AS x, histogram(a) AS h FROM t
SELECT t1.id FROM t t1 WHERE t1.a = (SELECT max(t2.a) FROM t t2 WHERE t2.id = t1.id)
SELECT twice(a) AS x, twice(a) FROM t
SELECT * FROM pick(1)
