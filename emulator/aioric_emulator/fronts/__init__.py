"""HTTP in front of functions: Function URLs, API Gateway's HTTP and REST APIs, Application Load Balancers.

`request`, `bodies`, `payloads`, `proxy_answer`, `prelude`, `cors` and `routes` are what they share,
`function_url`, `http_api`, `rest_api` and `alb` how each makes its events and reads its answers: all of it
pure. `door`, `calls` and `serving` connect them to sockets and functions; `settings` and what reads them
say which fronts there are.
"""
