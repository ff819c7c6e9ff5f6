"""The HTTP library is loaded without this machine's certificates, and gets them where it needs them."""

from __future__ import annotations

import json
import subprocess
import sys

TOLD = """
import json, ssl, threading
from cockpit.kube import http_library
class Other(threading.Thread):
    def run(self):
        self.context = ssl.create_default_context()
counts = lambda: [c.cert_store_stats()["x509_ca"] for c in http_library._without]
usual = ssl.SSLContext.set_default_verify_paths
seen, waiting, complete, early = [], [], [], []
whole = lambda: hasattr(sys.modules["aiohttp"], "ClientSession")
class Spy:
    def find_spec(self, name, path=None, target=None):
        # While it is being imported, another thread makes a context of its own.
        if name == "aiohttp.connector" and not seen:
            seen.append(Other())
            seen[0].start()
            seen[0].join()
            # And one that needs the library waits until all of it is there.
            waiting.append(threading.Thread(target=lambda: (http_library.load(), complete.append(whole()))))
            waiting[0].start()
            waiting[0].join(0.3)
            early.extend(complete)
import sys
sys.meta_path.insert(0, Spy())
http_library.load()
waiting[0].join()
bare, held = counts(), list(http_library._without)
http_library.trust_this_machine()
full = ssl.create_default_context().cert_store_stats()["x509_ca"]
print(json.dumps({
    "bare": bare, "after": [c.cert_store_stats()["x509_ca"] for c in held], "full": full,
    "other": seen[0].context.cert_store_stats()["x509_ca"],
    "as before": ssl.SSLContext.set_default_verify_paths is usual,
    "early": early, "complete": complete,
    "again": http_library.load() is None and not http_library._without,
}))
"""


def test_only_what_the_library_makes_for_itself_waits_for_certificates() -> None:
    ended = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert told["bare"]
    assert set(told["bare"]) == {0}
    assert set(told["after"]) == {told["full"]}
    assert told["other"] == told["full"]
    assert told["as before"]
    assert told["again"]
    assert (told["early"], told["complete"]) == ([], [True])
