"""A stand-in for the service: healthy at once, with a child in a session of its own that ignores SIGTERM."""

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"


class Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
        if self.path == "/die":
            os._exit(3)

    def log_message(self, *_: object) -> None:
        return


if __name__ == "__main__":
    told = {name: value for name, value in os.environ.items() if name.startswith("MODPLANE_")}
    Path(told["MODPLANE_DATA_DIR"], "told.json").write_text(json.dumps(told))
    subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=True)
    ThreadingHTTPServer(("127.0.0.1", int(told["MODPLANE_HTTP_PORT"])), Health).serve_forever()
