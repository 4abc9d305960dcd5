"""boto3: outgoing calls carry the trace header of the invocation."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3

heard = []


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        heard.append(self.headers.get("X-Amzn-Trace-Id"))
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Service)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = boto3.client(
    "dynamodb",
    endpoint_url=f"http://127.0.0.1:{server.server_port}",
    aws_access_key_id="a",
    aws_secret_access_key="b",
    region_name="eu-west-1",
)


def handler(event, context):
    heard.clear()
    client.list_tables()
    return heard
