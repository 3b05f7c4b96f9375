"""
Reads an OpenAPI 2.0 document from standard input, and fails unless Debian's
swagger-spec-validator (python3-swagger-spec-validator) accepts it. A program of its
own, for Debian's interpreter: the tests may run in another one.
"""
import json
import sys
import warnings

from swagger_spec_validator.validator20 import validate_spec


def no_duplicates(pairs):
	names = [name for name, _ in pairs]
	if len(set(names)) < len(names):
		raise ValueError("a name stands twice in one object: %r" % sorted(names))
	return dict(pairs)


warnings.simplefilter("ignore")  # one: a column may be called $ref
validate_spec(json.loads(sys.stdin.buffer.read().decode("utf-8"), object_pairs_hook=no_duplicates))
print("valid")
