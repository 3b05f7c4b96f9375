"""
The last of the suite (unittest goes by the files' names): every server that the
tests shared has lived through all of it, and ends well.
"""
import unittest

import harness


class End(unittest.TestCase):
	def test_every_server_is_still_itself_and_ends_well(self):
		harness.server()
		for settings, server in harness.shared_servers().items():
			with self.subTest(settings):
				self.assertTrue(server.fcgi.running(), "ended with %s:\n%s" % (server.fcgi.popen.returncode, server.log()))
				self.assertEqual(server.stop(), 0, server.log())
				self.assertNotIn("ERROR: AddressSanitizer", server.log())
				self.assertNotIn("runtime error:", server.log())


if __name__ == "__main__":
	unittest.main()
