"""The ``sagemaker`` SDK, version 2: a ``DefaultModelMonitor`` without processing jobs."""

from sagemaker.model_monitor import CronExpressionGenerator, DefaultModelMonitor
from sagemaker.session import Session

from tests.conformance.sdk.story import settings, tell


class Context:
    def __init__(self, told):
        self.told, self.session = told, Session()
        self.monitor = DefaultModelMonitor(
            role=told["role"], instance_type="ml.m5.xlarge", sagemaker_session=self.session
        )

    def attached(self):
        return DefaultModelMonitor.attach(self.told["name"], self.session)


def create(c):
    c.monitor.create_monitoring_schedule(
        endpoint_input=c.told["endpoint"],
        output_s3_uri=c.told["folder"],
        monitor_schedule_name=c.told["name"],
        schedule_cron_expression=CronExpressionGenerator.hourly(),
    )
    return c.monitor.describe_schedule()["MonitoringScheduleStatus"]


def attach(c):
    attached = c.attached()
    endpoint = attached.describe_schedule()["EndpointName"]
    return [endpoint, attached.instance_type, attached.role]


def executions(c):
    return c.attached().list_executions()


def stop_and_start(c):
    monitor, states = c.attached(), []
    for change in (monitor.stop_monitoring_schedule, monitor.start_monitoring_schedule):
        change()
        states.append(monitor.describe_schedule()["MonitoringScheduleStatus"])
    return states


def update(c):
    monitor = c.attached()
    monitor.update_monitoring_schedule(schedule_cron_expression=CronExpressionGenerator.daily(7))
    config = monitor.describe_schedule()["MonitoringScheduleConfig"]
    return config["ScheduleConfig"]["ScheduleExpression"]


def list_of_an_endpoint(c):
    listed = c.session.list_monitoring_schedules(endpoint_name=c.told["endpoint"])
    return [each["MonitoringScheduleName"] for each in listed["MonitoringScheduleSummaries"]]


def delete(c):
    monitor = c.attached()
    definition = monitor.job_definition_name
    monitor.delete_monitoring_schedule()
    client = c.session.sagemaker_client
    listed = client.list_data_quality_job_definitions(NameContains=definition)
    return listed["JobDefinitionSummaries"]


STEPS = (create, attach, executions, stop_and_start, update, list_of_an_endpoint, delete)

if __name__ == "__main__":
    told, path = settings()
    tell(STEPS, Context(told), path)
