"""Calls of AWS' own Python client, one JSON object a line: {service, operation, params, config} in, the answer out.

Bytes are {"$bytes": base64} both ways. An answer is {"value": ...}, {"error": code, "status": n, "message": text}, or
{"failed": text} where no service answered.
"""
import base64
import datetime
import json
import sys

import boto3
import botocore.config
import botocore.exceptions


def decoded(value):
    if isinstance(value, dict):
        if "$bytes" in value:
            return base64.b64decode(value["$bytes"])
        return {name: decoded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [decoded(each) for each in value]
    return value


def encoded(value):
    if hasattr(value, "read"):
        return encoded(value.read())
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: encoded(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [encoded(each) for each in value]
    return value


clients = {}
for line in sys.stdin:
    call = json.loads(line)
    config = call.get("config", {})
    given = {"retries": {"total_max_attempts": 1}, "read_timeout": 20, **config.get("botocore", {})}
    keys = config.get("client", {})
    name = json.dumps([call["service"], config], sort_keys=True)
    try:
        if name not in clients:
            session = boto3.session.Session()
            clients[name] = session.client(call["service"], config=botocore.config.Config(**given), **keys)
        client = clients[name]
        if call["operation"] == "paginate":
            pages = client.get_paginator(call["paginator"]).paginate(**decoded(call["params"]))
            answer = {"value": [encoded(page) for page in pages]}
        else:
            answer = {"value": encoded(getattr(client, call["operation"])(**decoded(call["params"])))}
    except botocore.exceptions.ClientError as error:
        response = error.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        answer = {"error": response["Error"]["Code"], "status": status, "message": response["Error"].get("Message", "")}
    except botocore.exceptions.BotoCoreError as error:
        answer = {"failed": str(error)}
    print(json.dumps(answer), flush=True)
