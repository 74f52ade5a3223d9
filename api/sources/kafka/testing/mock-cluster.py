"""A cluster of librdkafka's mock brokers. It answers one line to each line: the address, then to
`topic NAME PARTITIONS`, `fail NAME ERROR`, `down`/`up` and `send TOPIC CODEC COUNT TEXT`, which sends the text so many times in
one compressed batch, the code of the error, 0 for none. It ends with its input."""
import ctypes
import sys

library = ctypes.CDLL("librdkafka.so.1")
pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
library.rd_kafka_new.restype = pointer
library.rd_kafka_new.argtypes = [number, pointer, text, ctypes.c_size_t]
library.rd_kafka_conf_new.restype = pointer
library.rd_kafka_conf_set.argtypes = [pointer, text, text, text, ctypes.c_size_t]
library.rd_kafka_topic_new.restype = pointer
library.rd_kafka_topic_new.argtypes = [pointer, text, pointer]
library.rd_kafka_produce.argtypes = [pointer, ctypes.c_int32, number, text, ctypes.c_size_t, text, ctypes.c_size_t, pointer]
library.rd_kafka_flush.argtypes = [pointer, number]
library.rd_kafka_topic_destroy.argtypes = [pointer]
library.rd_kafka_destroy.argtypes = [pointer]
library.rd_kafka_mock_cluster_new.restype = pointer
library.rd_kafka_mock_cluster_new.argtypes = [pointer, number]
library.rd_kafka_mock_cluster_bootstraps.restype = text
library.rd_kafka_mock_cluster_bootstraps.argtypes = [pointer]
library.rd_kafka_mock_topic_create.argtypes = [pointer, text, number, number]
library.rd_kafka_mock_topic_set_error.argtypes = [pointer, text, number]
library.rd_kafka_mock_topic_set_error.restype = None
library.rd_kafka_mock_broker_set_down.argtypes = [pointer, ctypes.c_int32]
library.rd_kafka_mock_broker_set_up.argtypes = [pointer, ctypes.c_int32]

producer_kind, copies_value, flush_ms = 0, 2, 10_000


def send(name, codec, count, value):
    settings = {"bootstrap.servers": address, "compression.codec": codec, "linger.ms": "1000"}
    configuration = library.rd_kafka_conf_new()
    for key, setting in settings.items():
        if library.rd_kafka_conf_set(configuration, key.encode(), setting.encode(), None, 0) != 0:
            return -1
    producer = library.rd_kafka_new(producer_kind, configuration, None, 0)
    topic = library.rd_kafka_topic_new(producer, name.encode(), None)
    for _ in range(count):
        library.rd_kafka_produce(topic, 0, copies_value, value, len(value), None, 0, None)
    error = library.rd_kafka_flush(producer, flush_ms)
    library.rd_kafka_topic_destroy(topic)
    library.rd_kafka_destroy(producer)
    return error


client = library.rd_kafka_new(0, None, ctypes.create_string_buffer(512), 512)
cluster = library.rd_kafka_mock_cluster_new(client, 1)
address = library.rd_kafka_mock_cluster_bootstraps(cluster).decode()
print(address, flush=True)
for line in sys.stdin:
    command, *words = line.split()
    if command == "topic":
        answer = library.rd_kafka_mock_topic_create(cluster, words[0].encode(), int(words[1]), 1)
    elif command == "fail":
        answer = library.rd_kafka_mock_topic_set_error(cluster, words[0].encode(), int(words[1])) or 0
    elif command == "send":
        answer = send(words[0], words[1], int(words[2]), words[3].encode())
    elif command == "down":
        answer = library.rd_kafka_mock_broker_set_down(cluster, 1)
    else:
        answer = library.rd_kafka_mock_broker_set_up(cluster, 1)
    print(answer, flush=True)
