-- Many calls, table by table, each made from the one before it, so that what belongs together agrees. Owns how often what happens.
-- The tenants are there already. Read by many_calls.py: `-- == name` begins a statement; its parameters are calls, days, and logs_of: one call in so many
-- has a debug log.

-- == calls
-- The first account has a quarter of all calls, the 180th one in a thousand, the last twenty a handful each. A call in a hundred is long,
-- one in a hundred has an answer that cannot be used, the newest sixty are live.
INSERT INTO streams_call (uuid, account_id, gateway_id, application_id, from_number, to_number, from_key, from_reversed, to_key, to_reversed,
                          direction, gateway_call_id, audio_format, state, started_at, ended_at, hangup_cause_code, hangup_cause_name, hangup_source, owner, epoch, renewed_at, lease_until)
SELECT gen_random_uuid(), account.id,
       (SELECT min(id) FROM streams_gateway WHERE account_id = account.id) + (pick.size <= 20 AND pick.second)::int,
       (SELECT min(id) FROM streams_application WHERE account_id = account.id) + pick.second::int,
       from_number, to_number, regexp_replace(from_number, '^sip:', ''), CASE WHEN from_number LIKE '+%%' THEN reverse(substr(from_number, 2)) ELSE '' END,
       to_number, reverse(substr(to_number, 2)),
       CASE WHEN random() < 0.1 THEN 'outbound' ELSE 'inbound' END, 'pbx-' || i, 'mulaw 8000 Hz',
       CASE WHEN live THEN 'live' ELSE 'ended' END, started_at, CASE WHEN NOT live THEN started_at + lasted END,
       CASE WHEN live THEN NULL WHEN unanswered THEN 8011 ELSE 4000 END,
       CASE WHEN live THEN '' WHEN unanswered THEN 'Invalid Answer XML' ELSE 'Normal Hangup' END,
       CASE WHEN live THEN '' WHEN unanswered THEN 'Error' ELSE 'Unknown' END,
       repeat('f', 32), 1, started_at, CASE WHEN live THEN now() + interval '1 day' ELSE started_at + interval '20 seconds' END
FROM (
    SELECT i, i > %(calls)s - 60 AS live, random() < 0.01 AS unanswered,
           now() - %(days)s * interval '1 day' * ((%(calls)s - i + random()) / %(calls)s) - interval '1 second' AS started_at,
           CASE WHEN random() < 0.01 THEN interval '1800 seconds' - ln(1 - random()) * interval '2000 seconds'
                ELSE interval '1 second' - ln(1 - random()) * interval '150 seconds' END AS lasted,
           1 + floor(200 * power(random(), 4))::int AS size, random() < 0.3 AS second, random() AS small
    FROM generate_series(1, %(calls)s) AS i
) AS made
CROSS JOIN LATERAL (SELECT CASE WHEN size > 180 AND small > 0.05 THEN 1 ELSE size END AS size, second) AS pick
CROSS JOIN LATERAL (
    SELECT CASE WHEN i %% 50 = 0 THEN 'sip:desk' || i %% 977 || '@pbx.example.com'
                WHEN i %% 10 = 0 THEN '+4420' || lpad((70000000 + (random() * 99999)::int)::text, 8, '0')
                ELSE '+1' || (ARRAY['415', '212', '312', '650', '206'])[1 + i %% 5] || lpad((5550000 + (random() * 59999)::int)::text, 7, '0') END AS from_number,
           '+1800' || lpad((2000000 + pick.size * 10 + i %% 3)::text, 7, '0') AS to_number
) AS numbers
JOIN streams_account AS account ON account.auth_id = 'MA' || lpad(pick.size::text, 18, '0')
ORDER BY i;

-- == streams
-- One for each call whose answer could be used, a second one for a tenth of them.
INSERT INTO streams_stream (uuid, call_id, call_started_at, account_id, state, requested_at, started_at, ended_at, hangup_reason, end_cause, end_details,
                            close_code, connect_attempts, play_failures, degraded_percent, callback_trouble, service_host, service_url, bidirectional, audio_track,
                            stream_timeout_seconds, status_callback_url, status_callback_method, content_type, extra_headers,
                            keep_call_alive, noise_cancellation, noise_cancellation_level)
SELECT gen_random_uuid(), call.id, call.started_at, call.account_id, CASE WHEN live THEN 'streaming' ELSE 'ended' END, requested_at,
       CASE WHEN cause NOT IN ('connect_failed', 'address_refused') THEN requested_at + interval '180 ms' END,
       CASE WHEN live THEN NULL
            WHEN cause IN ('connect_failed', 'address_refused') THEN requested_at + interval '4500 ms'
            WHEN cause = 'call_ended' THEN greatest(call.ended_at, requested_at + interval '1 second')
            ELSE requested_at + interval '1 second' + (coalesce(call.ended_at, now()) - call.started_at) * 0.7 END,
       CASE WHEN live THEN '' WHEN cause = 'call_ended' THEN 'Call hangup' WHEN cause LIKE 'stopped%%' THEN 'API request'
            WHEN cause = 'timed_out' THEN 'Stream timeout' ELSE 'Connection error' END,
       CASE WHEN live THEN '' ELSE cause END,
       CASE WHEN live THEN '' WHEN cause = 'call_ended' THEN 'The gateway hung up.' ELSE 'In words: ' || cause || ', and why.' END,
       CASE WHEN live THEN NULL WHEN incident THEN 4321 WHEN cause = 'customer_lost' THEN 1006
            WHEN cause = 'customer_closed' THEN (ARRAY[1000, 1000, 1001, 1011, 1011, 1011, 1013, 4000 + (rare * 900)::int])[1 + floor(other * 8)::int] END,
       CASE WHEN cause = 'connect_failed' THEN 3 WHEN other < 0.003 THEN 2 ELSE 1 END, (other > 0.998)::int,
       CASE WHEN cause = 'slow_connection' THEN 90 WHEN rare < 0.004 THEN 30 WHEN rare < 0.005 THEN 60 ELSE 0 END,
       0, host, 'wss://' || host || '/audiostream',
       true, 'inbound', 86400, CASE WHEN call.account_id %% 5 < 3 THEN 'https://hooks' || right(account.auth_id, 3) || '.example.com/status' ELSE '' END,
       'POST', 'audio/x-mulaw;rate=8000', '', false, false, 85
FROM (
    SELECT call.*, call.state = 'live' AS live, call.started_at + interval '160 ms' + (second - 1) * interval '5 seconds' AS requested_at,
           random() AS chance, random() AS other, random() AS rare,
           call.started_at BETWEEN now() - interval '61 days' AND now() - interval '60 days' AND random() < 0.2 AS incident
    FROM streams_call AS call, generate_series(1, 2) AS second
    WHERE (second = 1 OR call.id %% 10 = 3) AND call.hangup_cause_code IS DISTINCT FROM 8011
) AS call
CROSS JOIN LATERAL (
    SELECT CASE WHEN incident THEN 'customer_closed' WHEN chance < 0.95 THEN 'call_ended' WHEN chance < 0.96 THEN 'stopped_by_api'
                WHEN chance < 0.962 THEN 'stopped_by_operator' WHEN chance < 0.97 THEN 'timed_out' WHEN chance < 0.982 THEN 'connect_failed'
                WHEN chance < 0.992 THEN 'customer_closed' WHEN chance < 0.996 THEN 'customer_lost' WHEN chance < 0.998 THEN 'slow_connection'
                WHEN chance < 0.999 THEN 'address_refused' WHEN chance < 0.9995 THEN 'process_lost' WHEN chance < 0.9999 THEN 'platform_stopped'
                ELSE 'internal_error' END AS cause
) AS end_of
JOIN streams_account AS account ON account.id = call.account_id
CROSS JOIN LATERAL (
    SELECT 'bot' || CASE WHEN rare < 0.9 THEN '' ELSE '-' || 1 + call.id %% 3 END || '.customer' || right(account.auth_id, 3) || '.example.com' AS host
) AS service
ORDER BY requested_at;

-- == charges
INSERT INTO cdr_charge (stream_id, seconds, billed_seconds, rate, interval_seconds, currency, amount, created_at, account_id, application_id, ended_at)
SELECT stream.id, seconds, 60 * ((seconds + 59) / 60), 0.003, 60, CASE WHEN account.id %% 10 = 0 THEN 'EUR' ELSE 'USD' END, 0.003 * ((seconds + 59) / 60),
    stream.ended_at, stream.account_id, call.application_id, stream.ended_at
FROM streams_stream AS stream JOIN streams_account AS account ON account.id = stream.account_id JOIN streams_call AS call ON call.id = stream.call_id
CROSS JOIN LATERAL (SELECT coalesce(ceil(extract(epoch FROM stream.ended_at - stream.started_at)), 0)::int AS seconds) AS lasted
WHERE stream.state = 'ended' ORDER BY stream.id;

-- == events of calls
INSERT INTO streams_streamevent (call_id, stream_id, number, at, kind, level, details)
SELECT call.id, NULL, event.number, call.started_at + event.after, event.kind, event.level, event.details::jsonb
FROM streams_call AS call, (VALUES
    (1, interval '0 ms', 'call_started', 'info', '{"gateway": "pbx-001a", "dialect": "asterisk", "address": "10.20.0.7", "direction": "inbound"}'),
    (2, interval '2 ms', 'call_media_started', 'info', '{"format": "mulaw 8000 Hz", "frame_ms": 20, "channel": "WebSocket/pbx"}'),
    (3, interval '151 ms', 'call_answered', 'info', '{"url": "https://app.example.com/answer", "streams": 1, "status": 200, "duration_ms": 148}')
) AS event(number, after, kind, level, details) WHERE call.id %% %(logs_of)s = 0 ORDER BY call.id;

-- == ends of calls
INSERT INTO streams_streamevent (call_id, stream_id, number, at, kind, level, details)
SELECT id, NULL, 20, ended_at, 'call_ended', CASE WHEN hangup_source = 'Error' THEN 'error' ELSE 'info' END,
       jsonb_build_object('code', hangup_cause_code, 'name', hangup_cause_name, 'source', hangup_source, 'words', 'The gateway hung up.')
FROM streams_call WHERE state = 'ended' AND id %% %(logs_of)s = 0 ORDER BY id;

-- == events of streams
INSERT INTO streams_streamevent (call_id, stream_id, number, at, kind, level, details)
SELECT call_id, stream.id, CASE WHEN stream.id = first THEN event.number ELSE event.number + 6 END,
       coalesce(stream.requested_at + event.after, stream.ended_at, now()), event.kind,
       CASE WHEN event.kind = 'stream_ended' AND hangup_reason = 'Connection error' THEN 'error' ELSE 'info' END,
       event.details::jsonb || CASE WHEN event.kind = 'stream_ended' THEN jsonb_build_object('cause', end_cause, 'words', end_details) ELSE '{}' END
FROM (SELECT *, min(id) OVER (PARTITION BY call_id) AS first FROM streams_stream WHERE call_id %% %(logs_of)s = 0) AS stream, (VALUES
    (4, interval '0 ms', 'stream_requested', '{"source": "XML", "request": {"service_url": "wss://bot.example.com/audiostream", "bidirectional": true, "audio_track": "inbound", "content_type": "audio/x-mulaw;rate=8000"}}'),
    (5, interval '1 ms', 'connect_started', '{"attempt": 1, "of": 3, "url": "wss://bot.example.com/audiostream"}'),
    (6, interval '170 ms', 'connected', '{"attempt": 1, "address": "203.0.113.9:443", "duration_ms": 169, "subprotocol": "audio.drachtio.org"}'),
    (7, interval '180 ms', 'stream_started', '{"content_type": "audio/x-mulaw;rate=8000", "buffered_ms": 160}'),
    (8, NULL, 'stream_ended', '{"sent_frames": 2070, "sent_ms": 41400, "buffered_ms": 0, "peak_buffered_ms": 40, "discarded_ms": 0}'),
    (9, NULL, 'socket_closed', '{"code": 1000, "reason": "", "seconds": 0.048}')
) AS event(number, after, kind, details) ORDER BY call_id;

-- == callbacks
-- One in a hundred needed several tries, one in five hundred was given up.
INSERT INTO streams_callback (stream_id, account_id, number, event, url, method, host, message_id, parameters, created_at, state, tries,
                              due_at, claimed_by, claimed_until, finished_at)
SELECT id, account_id, number, event, status_callback_url, 'POST', split_part(status_callback_url, '/', 3) || ':443',
       'msg_' || replace(uuid::text, '-', '') || lpad(number::text, 3, '0'),
       jsonb_build_array(jsonb_build_array('Event', event), jsonb_build_array('StreamID', uuid), jsonb_build_array('From', '+14155550123'),
                         jsonb_build_array('To', '+18005550100'), jsonb_build_array('ServiceURL', service_url), jsonb_build_array('Timestamp', requested_at)),
       created_at, CASE WHEN chance < 0.002 THEN 'given_up' ELSE 'delivered' END,
       CASE WHEN chance < 0.002 THEN 8 WHEN chance < 0.01 THEN 2 ELSE 1 END, NULL, '', NULL, created_at + interval '40 ms'
FROM (
    SELECT stream.*, number, random() AS chance,
           CASE number WHEN 1 THEN 'StartStream' ELSE CASE WHEN hangup_reason = 'Connection error' THEN 'DroppedStream' ELSE 'StopStream' END END AS event,
           CASE number WHEN 1 THEN started_at ELSE ended_at END AS created_at
    FROM streams_stream AS stream, generate_series(1, 2) AS number
    WHERE status_callback_url <> '' AND CASE number WHEN 1 THEN started_at ELSE ended_at END IS NOT NULL
) AS owed ORDER BY id, number;

-- == attempts
INSERT INTO streams_callbackattempt (callback_id, number, started_at, duration_ms, address, status, error, response_head)
SELECT id, tried, created_at + tried * interval '20 ms', 38, '198.51.100.4:443', CASE WHEN good THEN 200 ELSE 503 END,
       CASE WHEN good THEN '' ELSE 'The endpoint answered 503 Service Unavailable; it should answer 2xx.' END, CASE WHEN good THEN 'OK' ELSE '' END
FROM streams_callback AS callback CROSS JOIN generate_series(1, 8) AS tried
CROSS JOIN LATERAL (SELECT callback.state = 'delivered' AND tried = tries AS good) AS outcome
WHERE tried <= tries ORDER BY id, tried;

-- == callback trouble
UPDATE streams_stream AS stream SET callback_trouble = CASE WHEN given_up THEN 2 ELSE 1 END
FROM (SELECT stream_id, bool_or(state = 'given_up') AS given_up FROM streams_callback WHERE tries > 1 GROUP BY stream_id) AS failed
WHERE failed.stream_id = stream.id;
