"""What swm replaces, in small: a connection for every request, the row as text.

BENCH_DSN is libpq's connection string. Run by gunicorn: gunicorn flask_service:app
"""
import os

import flask
import psycopg2

app = flask.Flask(__name__)


@app.route("/devices/<int:number>")
def device(number):
    connection = psycopg2.connect(os.environ["BENCH_DSN"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT id, device_name FROM swm.devices WHERE id = %s", (number,))
            row = cursor.fetchone()
    finally:
        connection.close()
    if row is None:
        flask.abort(404)
    return flask.Response(str(row) + "\n", mimetype="text/plain")
