"""
What nginx refuses by itself, whichever of the sites it serves that include nginx/snippets: requests as
bytes, the status and the code of the answer. The suite deploy asks the web machines and the balancer so.
"""
ORIGIN = "http://page.example"


def head(method="GET", target="/three", **fields):
	"""A request without a body; _ in the names of fields stands for -."""
	lines = ["%s %s HTTP/1.1" % (method, target), "Host: test", "Connection: close", "Origin: " + ORIGIN]
	lines += ["%s: %s" % (name.replace("_", "-"), value) for name, value in fields.items()]
	return "\r\n".join(lines).encode() + b"\r\n\r\n"


REFUSED = {
	"percent-encoding": (head(target="/%zz"), 400, "PGRST100"),
	"NUL": (head(target="/%00"), 400, "PGRST100"),
	"above the root": (head(target="/../x"), 400, "PGRST100"),
	"no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "PGRST100"),
	"two hosts": (head(Host="again"), 400, "PGRST100"),
	"Content-Length": (head("POST", Content_Length="x"), 400, "PGRST100"),
	"two lengths": (head("POST", Content_Length="1", Transfer_Encoding="chunked"), 400, "PGRST100"),
	"chunk": (head("POST", Transfer_Encoding="chunked") + b"zz\r\n", 400, "PGRST100"),
	"method in small letters": (head("get"), 400, "PGRST100"),
	"not HTTP": (b"\x16\x03\x01\x02\r\n\r\n", 400, "PGRST100"),
	"internal location": (head(target="/.swm/error"), 404, "PGRST125"),
	"internal location with an error of its own": (head(target="/.swm/lost"), 404, "PGRST125"),
	"internal question": (head(target="/.swm/authorize"), 404, "PGRST125"),
	"internal location for large bodies": (head("POST", "/.swm/large", Content_Length="99999999"), 404, "PGRST125"),
	"TRACE": (head("TRACE"), 405, "PGRST117"),
	"body": (head("POST", Content_Length="2147483649"), 413, "PGRST102"),
	"URL": (head(target="/" + "a" * 62465), 414, "PGRST100"),
	"header field": (head(X="a" * 62465), 431, "PGRST100"),
	"header": (head(X="a" * 40000, Y="b" * 30000), 431, "PGRST100"),
	"header of what has a large body": (head("POST", Content_Length="100000000", X="a" * 40000, Y="b" * 30000), 431, "PGRST100"),
	"transfer coding": (head("POST", Transfer_Encoding="gzip"), 501, "PGRST100"),
	"version": (b"GET / HTTP/9.9\r\nHost: t\r\n\r\n", 505, "PGRST100"),
}
