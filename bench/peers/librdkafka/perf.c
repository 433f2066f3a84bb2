/*
 * librdkafka as a benchmark's other side: perf produce|consume ADDRESS TOPIC COUNT PAYLOADS
 * Sends COUNT records whose values are lines of the file PAYLOADS, or reads COUNT records of all partitions from the beginning.
 * The last line of its output is {"records":N,"ms":T}: from the first call to the last acknowledgement, or from the first record to the last.
 */
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 10000

static long failures = 0;

static double now_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void fail(const char *what, const char *why) {
  fprintf(stderr, "%s: %s\n", what, why);
  exit(1);
}

static void delivered(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque) {
  if (message->err && failures++ == 0) fprintf(stderr, "delivery: %s\n", rd_kafka_err2str(message->err));
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value) {
  char error[512];
  if (rd_kafka_conf_set(conf, key, value, error, sizeof error) != RD_KAFKA_CONF_OK) fail(key, error);
}

static rd_kafka_t *client_of(rd_kafka_type_t type, rd_kafka_conf_t *conf) {
  char error[512];
  rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
  if (client == NULL) fail("client", error);
  return client;
}

static double produce(const char *address, const char *topic, long count, const char *payloads) {
  FILE *file = fopen(payloads, "r");
  if (file == NULL) fail(payloads, "cannot be read");
  char *lines[1000];
  size_t lengths[1000], room = 0;
  int known = 0;
  char *line = NULL;
  for (ssize_t length; known < 1000 && (length = getline(&line, &room, file)) > 0; known++) {
    if (line[length - 1] == '\n') length--;
    lines[known] = memcpy(malloc(length), line, length);
    lengths[known] = length;
  }
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", address);
  set(conf, "acks", "all");
  set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_t *client = client_of(RD_KAFKA_PRODUCER, conf);
  rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
  double started = now_ms();
  for (long sent = 0; sent < count;) {
    int which = sent % known;
    if (rd_kafka_produce(handle, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, lines[which], lengths[which], NULL, 0, NULL) == 0) sent++;
    else rd_kafka_poll(client, 10); /* its queue is full */
    if (sent % 1000 == 0) rd_kafka_poll(client, 0);
  }
  while (rd_kafka_outq_len(client) > 0) rd_kafka_poll(client, 10);
  double ms = now_ms() - started;
  if (failures > 0) fail("produce", "records were not delivered");
  return ms;
}

static double consume(const char *address, const char *topic, long count) {
  rd_kafka_conf_t *conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", address);
  set(conf, "group.id", "perf");
  set(conf, "enable.auto.commit", "false");
  set(conf, "check.crcs", "true");
  rd_kafka_t *client = client_of(RD_KAFKA_CONSUMER, conf);
  rd_kafka_poll_set_consumer(client);
  const struct rd_kafka_metadata *metadata;
  rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
  if (rd_kafka_metadata(client, 0, handle, &metadata, 10000) != 0) fail(topic, "no metadata");
  rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(16);
  for (int index = 0; index < metadata->topics[0].partition_cnt; index++)
    rd_kafka_topic_partition_list_add(all, topic, index)->offset = RD_KAFKA_OFFSET_BEGINNING;
  rd_kafka_assign(client, all);
  rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(client);
  static rd_kafka_message_t *messages[BATCH];
  double started = 0;
  size_t bytes = 0;
  for (long seen = 0; seen < count;) {
    ssize_t taken = rd_kafka_consume_batch_queue(queue, 1000, messages, BATCH);
    if (taken > 0 && started == 0) started = now_ms();
    for (ssize_t index = 0; index < taken; index++) {
      if (messages[index]->err) fail("consume", rd_kafka_message_errstr(messages[index]));
      bytes += messages[index]->len;
      rd_kafka_message_destroy(messages[index]);
    }
    seen += taken;
  }
  return now_ms() - started;
}

int main(int argc, char **argv) {
  if (argc != 6) fail("usage", "perf produce|consume ADDRESS TOPIC COUNT PAYLOADS");
  long count = atol(argv[4]);
  double ms = strcmp(argv[1], "produce") == 0 ? produce(argv[2], argv[3], count, argv[5]) : consume(argv[2], argv[3], count);
  printf("{\"records\":%ld,\"ms\":%.1f}\n", count, ms);
  return 0;
}
