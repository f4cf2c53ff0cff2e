/*
 * A cluster of Kafka brokers that break on demand: librdkafka's mock brokers, in memory, on 127.0.0.1.
 *
 *   mock-cluster BROKERS
 *
 * The first line it prints is the brokers' addresses, separated by commas. It then reads commands, one a line, and answers
 * each with a line: NO_ERROR, the name of Kafka's error, or "UNKNOWN COMMAND". It ends with its input.
 *
 *   topic NAME PARTITIONS REPLICAS   creates a topic
 *   down BROKER                      closes its connections and takes no new ones (brokers count from 1)
 *   up BROKER
 *   rtt BROKER MS                    delays each answer
 *   leader TOPIC PARTITION BROKER    makes it the leader
 *   coordinator GROUP BROKER         makes it the coordinator of a consumer group
 *   error API CODE COUNT             the next COUNT requests with this API key fail with this error code
 *   no-errors API                    forgets errors that no request has met
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 512, NAME_MAX_BYTES = 256, ERRORS_MAX = 1000 };

/* Pushes `count` times the same error: librdkafka takes a list, with an error for each request. */
static rd_kafka_resp_err_t push_errors(rd_kafka_mock_cluster_t *cluster, int api, int code, int count) {
  rd_kafka_resp_err_t errors[ERRORS_MAX];
  if (count < 1 || count > ERRORS_MAX) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  for (int n = 0; n < count; n++) errors[n] = (rd_kafka_resp_err_t)code;
  rd_kafka_mock_push_request_errors_array(cluster, (int16_t)api, (size_t)count, errors);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Does what a line says. Returns 0 where the line is no command. */
static int obey(rd_kafka_mock_cluster_t *cluster, const char *line, rd_kafka_resp_err_t *result) {
  char name[NAME_MAX_BYTES];
  int a, b, c;

  if (sscanf(line, "topic %255s %d %d", name, &a, &b) == 3) {
    *result = rd_kafka_mock_topic_create(cluster, name, a, b);
  } else if (sscanf(line, "down %d", &a) == 1) {
    *result = rd_kafka_mock_broker_set_down(cluster, a);
  } else if (sscanf(line, "up %d", &a) == 1) {
    *result = rd_kafka_mock_broker_set_up(cluster, a);
  } else if (sscanf(line, "rtt %d %d", &a, &b) == 2) {
    *result = rd_kafka_mock_broker_set_rtt(cluster, a, b);
  } else if (sscanf(line, "leader %255s %d %d", name, &a, &b) == 3) {
    *result = rd_kafka_mock_partition_set_leader(cluster, name, a, b);
  } else if (sscanf(line, "coordinator %255s %d", name, &a) == 2) {
    *result = rd_kafka_mock_coordinator_set(cluster, "group", name, a);
  } else if (sscanf(line, "error %d %d %d", &a, &b, &c) == 3) {
    *result = push_errors(cluster, a, b, c);
  } else if (sscanf(line, "no-errors %d", &a) == 1) {
    rd_kafka_mock_clear_request_errors(cluster, (int16_t)a);
    *result = RD_KAFKA_RESP_ERR_NO_ERROR;
  } else {
    return 0;
  }
  return 1;
}

int main(int argc, char **argv) {
  char text[LINE_MAX_BYTES];
  int brokers = argc == 2 ? atoi(argv[1]) : 0;
  if (brokers < 1) {
    fprintf(stderr, "usage: mock-cluster BROKERS\n");
    return 2;
  }
  /* The brokers live in a client, which is used for nothing else and would warn that it has no address to connect to. */
  rd_kafka_conf_t *settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "log_level", "3", NULL, 0);
  rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, settings, text, sizeof text);
  rd_kafka_mock_cluster_t *cluster = client == NULL ? NULL : rd_kafka_mock_cluster_new(client, brokers);
  if (cluster == NULL) {
    fprintf(stderr, "the brokers could not be started: %s\n", client == NULL ? text : "no listener");
    return 1;
  }
  printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
  fflush(stdout);

  while (fgets(text, sizeof text, stdin) != NULL) {
    rd_kafka_resp_err_t result;
    int is_known = obey(cluster, text, &result);
    printf("%s\n", is_known ? rd_kafka_err2name(result) : "UNKNOWN COMMAND");
    fflush(stdout);
  }
  rd_kafka_mock_cluster_destroy(cluster);
  rd_kafka_destroy(client);
  return 0;
}
