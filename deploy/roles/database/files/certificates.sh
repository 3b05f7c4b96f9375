# Makes what is missing of an authority of the deployment's own, and of the certificate
# of PostgreSQL at $ADDRESS, which that signs, and names it. The web machines trust
# nothing else; the authority's key is root's and stays here.
set -eu
umask 077
secrets=/etc/swm/secrets
if ! [ -s "$secrets/ca.crt" ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7300 \
		-subj '/CN=swm database authority' -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
		-addext keyUsage=critical,keyCertSign -keyout "$secrets/ca.key" -out "$secrets/ca.crt.new"
	mv "$secrets/ca.crt.new" "$secrets/ca.crt"
	echo 'the authority'
fi
cd /etc/postgresql/15/main
# anew 60 days before its end, and when the address or the authority has changed
if ! openssl verify -CAfile "$secrets/ca.crt" -purpose sslserver -verify_ip "$ADDRESS" \
	-attime $(($(date +%s) + 60 * 86400)) server.crt >/dev/null 2>&1; then
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$NAME" \
		-keyout server.key.new -out server.csr
	printf '%s\n' "subjectAltName=IP:$ADDRESS,DNS:$NAME" extendedKeyUsage=serverAuth basicConstraints=CA:FALSE >server.ext
	openssl x509 -req -in server.csr -CA "$secrets/ca.crt" -CAkey "$secrets/ca.key" \
		-set_serial "0x$(openssl rand -hex 16)" -days 800 -extfile server.ext -out server.crt.new
	chown postgres: server.key.new server.crt.new
	mv server.key.new server.key
	mv server.crt.new server.crt
	rm server.csr server.ext
	echo 'the certificate of PostgreSQL'
fi
