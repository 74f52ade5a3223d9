"""A cluster of librdkafka's mock brokers. It answers one line to each line: the address, then to
`topic NAME PARTITIONS`, `fail NAME ERROR` and `down`/`up` the code of the error, 0 for none. It ends with its input."""
import ctypes
import sys

library = ctypes.CDLL("librdkafka.so.1")
pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
library.rd_kafka_new.restype = pointer
library.rd_kafka_new.argtypes = [number, pointer, text, ctypes.c_size_t]
library.rd_kafka_mock_cluster_new.restype = pointer
library.rd_kafka_mock_cluster_new.argtypes = [pointer, number]
library.rd_kafka_mock_cluster_bootstraps.restype = text
library.rd_kafka_mock_cluster_bootstraps.argtypes = [pointer]
library.rd_kafka_mock_topic_create.argtypes = [pointer, text, number, number]
library.rd_kafka_mock_topic_set_error.argtypes = [pointer, text, number]
library.rd_kafka_mock_topic_set_error.restype = None
library.rd_kafka_mock_broker_set_down.argtypes = [pointer, ctypes.c_int32]
library.rd_kafka_mock_broker_set_up.argtypes = [pointer, ctypes.c_int32]

client = library.rd_kafka_new(0, None, ctypes.create_string_buffer(512), 512)
cluster = library.rd_kafka_mock_cluster_new(client, 1)
print(library.rd_kafka_mock_cluster_bootstraps(cluster).decode(), flush=True)
for line in sys.stdin:
    command, *words = line.split()
    if command == "topic":
        answer = library.rd_kafka_mock_topic_create(cluster, words[0].encode(), int(words[1]), 1)
    elif command == "fail":
        answer = library.rd_kafka_mock_topic_set_error(cluster, words[0].encode(), int(words[1])) or 0
    elif command == "down":
        answer = library.rd_kafka_mock_broker_set_down(cluster, 1)
    else:
        answer = library.rd_kafka_mock_broker_set_up(cluster, 1)
    print(answer, flush=True)
