-- The one request of every call.
wrk.method = "POST"
wrk.body = '{"number": 1}'
wrk.headers["Content-Type"] = "application/json"
