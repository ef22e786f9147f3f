-- Run by the image of PostgreSQL when its volume is empty: a role that may read statistics, and nothing else.
\set password `cat /run/secrets/exporter-password`
CREATE ROLE exporter LOGIN PASSWORD :'password' CONNECTION LIMIT 3;
GRANT pg_monitor TO exporter;
