"""One MQTT client session with Eclipse Paho, steered by JSON on stdin, reported as JSON on stdout.

Input: {host, port, version: "3.1"|"3.1.1"|"5.0", transport: "tcp"|"websockets", path, clientId, cleanStart,
sessionExpiry, properties, username, password, keepAlive, tls: {caFile, certFile, keyFile},
will: {topic, payload, qos, retain, properties}, timeout, steps: [...]}. A step is one of
{"subscribe": [{"filter", "qos", "noLocal", "retainAsPublished", "retainHandling"}], "properties": {}},
{"unsubscribe": [filter]}, {"publish": {"topic", "payload", "qos", "retain", "properties"}}, {"waitForMessages": count},
{"sleep": seconds}, {"waitForDisconnect": true}. Payloads are base64; properties are MQTT 5's under Paho's names,
CorrelationData in hexadecimal. See paho.ts for the output.
"""

import base64
import json
import ssl
import sys
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.properties import Properties
from paho.mqtt.packettypes import PacketTypes

VERSIONS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311, "5.0": mqtt.MQTTv5}


def number(code):
    return code.value if hasattr(code, "value") else int(code)


def properties(packet, values):
    made = Properties(packet)
    for name, value in values.items():
        if name == "UserProperty":
            value = [tuple(pair) for pair in value]
        setattr(made, name, bytes.fromhex(value) if name == "CorrelationData" else value)
    return made


class Session:
    def __init__(self, wanted):
        self.wanted = wanted
        self.timeout = wanted.get("timeout", 5)
        self.is_5 = wanted.get("version", "3.1.1") == "5.0"
        self.changed = threading.Condition()
        self.connack = None
        self.session_present = None
        self.connack_properties = {}
        self.disconnect = None
        self.answers = {}
        self.messages = []
        self.client = self.make_client()

    def make_client(self):
        wanted = self.wanted
        options = {
            "client_id": wanted.get("clientId", ""),
            "protocol": VERSIONS[wanted.get("version", "3.1.1")],
            "transport": wanted.get("transport", "tcp"),
        }
        if not self.is_5:
            options["clean_session"] = wanted.get("cleanStart", True)
        if hasattr(mqtt, "CallbackAPIVersion"):  # Paho 2 has the callbacks of Paho 1 only on request.
            options["callback_api_version"] = mqtt.CallbackAPIVersion.VERSION1
        client = mqtt.Client(**options)
        if "path" in wanted:
            client.ws_set_options(path=wanted["path"])
        if "username" in wanted or "password" in wanted:
            client.username_pw_set(wanted.get("username"), wanted.get("password"))
        tls = wanted.get("tls")
        if tls:
            client.tls_set(tls["caFile"], tls.get("certFile"), tls.get("keyFile"), cert_reqs=ssl.CERT_REQUIRED)
        will = wanted.get("will")
        if will:
            payload = base64.b64decode(will["payload"])
            own = properties(PacketTypes.WILLMESSAGE, will.get("properties", {})) if self.is_5 else None
            client.will_set(will["topic"], payload, will.get("qos", 0), will.get("retain", False), own)
        client.on_connect = self.on_connect
        client.on_disconnect = self.on_disconnect
        client.on_message = self.on_message
        client.on_subscribe = lambda c, u, mid, codes, *rest: self.answer(mid, [number(code) for code in codes])
        client.on_unsubscribe = lambda c, u, mid, *rest: self.answer(mid, self.unsubscribe_codes(rest))
        client.on_publish = lambda c, u, mid, *rest: self.answer(mid, [])
        return client

    @staticmethod
    def unsubscribe_codes(rest):
        codes = rest[1] if len(rest) > 1 else []
        return [number(code) for code in (codes if isinstance(codes, list) else [codes])]

    def on_connect(self, client, userdata, flags, code, given=None):
        with self.changed:
            if self.connack is None:
                self.connack = number(code)
                self.session_present = bool(flags.get("session present", 0))
                self.connack_properties = given.json() if given else {}
            self.changed.notify_all()

    def on_disconnect(self, client, userdata, code, properties=None):
        with self.changed:
            if self.disconnect is None:
                self.disconnect = number(code)
            self.changed.notify_all()
        # Otherwise Paho waits a second and connects again.
        client.disconnect()

    def on_message(self, client, userdata, message):
        with self.changed:
            self.messages.append(
                {
                    "topic": message.topic,
                    "payload": base64.b64encode(message.payload).decode(),
                    "qos": message.qos,
                    "retain": bool(message.retain),
                    "properties": message.properties.json() if self.is_5 else {},
                }
            )
            self.changed.notify_all()

    def answer(self, mid, codes):
        with self.changed:
            self.answers[mid] = codes
            self.changed.notify_all()

    def wait(self, condition, stop_at_disconnect=True):
        until = time.monotonic() + self.timeout
        with self.changed:
            while not condition():
                left = until - time.monotonic()
                if left <= 0 or (stop_at_disconnect and self.disconnect is not None):
                    return condition()
                self.changed.wait(left)
            return True

    def connect(self):
        options = {"keepalive": self.wanted.get("keepAlive", 60)}
        if self.is_5:
            options["clean_start"] = self.wanted.get("cleanStart", True)
            values = dict(self.wanted.get("properties", {}))
            if "sessionExpiry" in self.wanted:
                values["SessionExpiryInterval"] = self.wanted["sessionExpiry"]
            options["properties"] = properties(PacketTypes.CONNECT, values)
        self.client.connect(self.wanted["host"], self.wanted["port"], **options)
        self.client.loop_start()
        return self.wait(lambda: self.connack is not None)

    def answered(self, mid):
        done = self.wait(lambda: mid in self.answers)
        return {"done": done, "codes": self.answers.get(mid, [])}

    @staticmethod
    def subscribe_options(one):
        return mqtt.SubscribeOptions(
            qos=one.get("qos", 0),
            noLocal=one.get("noLocal", False),
            retainAsPublished=one.get("retainAsPublished", False),
            retainHandling=one.get("retainHandling", 0),
        )

    def step(self, step):
        if "subscribe" in step:
            if self.is_5:
                filters = [(one["filter"], self.subscribe_options(one)) for one in step["subscribe"]]
                own = properties(PacketTypes.SUBSCRIBE, step.get("properties", {}))
                return self.answered(self.client.subscribe(filters, properties=own)[1])
            filters = [(one["filter"], one.get("qos", 0)) for one in step["subscribe"]]
            return self.answered(self.client.subscribe(filters)[1])
        if "unsubscribe" in step:
            return self.answered(self.client.unsubscribe(step["unsubscribe"])[1])
        if "publish" in step:
            one = step["publish"]
            payload = base64.b64decode(one["payload"])
            own = properties(PacketTypes.PUBLISH, one.get("properties", {})) if self.is_5 else None
            info = self.client.publish(one["topic"], payload, one.get("qos", 0), one.get("retain", False), own)
            return self.answered(info.mid)
        if "waitForMessages" in step:
            return {"done": self.wait(lambda: len(self.messages) >= step["waitForMessages"]), "codes": []}
        if "waitForDisconnect" in step:
            return {"done": self.wait(lambda: self.disconnect is not None, False), "codes": []}
        if "sleep" in step:
            time.sleep(step["sleep"])
            return {"done": True, "codes": []}
        raise ValueError("unknown step: " + json.dumps(step))

    def run(self):
        error = None
        steps = []
        try:
            if self.connect() and self.connack == 0:
                for step in self.wanted.get("steps", []):
                    steps.append(self.step(step))
            disconnect = self.disconnect
            self.client.disconnect()
            self.client.loop_stop()
        except (OSError, ValueError, mqtt.WebsocketConnectionError) as failure:
            disconnect = self.disconnect
            error = type(failure).__name__ + ": " + str(failure)
        return {
            "connack": self.connack,
            "sessionPresent": self.session_present,
            "connackProperties": self.connack_properties,
            "steps": steps,
            "messages": self.messages,
            "disconnect": disconnect,
            "error": error,
        }


if __name__ == "__main__":
    print(json.dumps(Session(json.load(sys.stdin)).run()))
