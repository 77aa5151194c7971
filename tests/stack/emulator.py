"""ministack with the six resource types of our template that it lacks.

They do nothing but exist: the cluster's endpoint is that of a DAX cluster started elsewhere (`DAX_URL`), and the
largest node type fails, so that a rollback can be seen.
"""

import os
import uuid

from ministack.app import main
from ministack.services.cloudformation import provisioners

REFUSED_NODE_TYPE = "dax.r5.4xlarge"


def resource(prefix, attributes=lambda physical_id: {}):
    def create(logical_id, properties, stack):
        if properties.get("NodeType") == REFUSED_NODE_TYPE:
            raise ValueError("There is not enough capacity for dax.r5.4xlarge (InsufficientClusterCapacityFault)")
        physical_id = f"{prefix}-{uuid.uuid4().hex[:12]}"
        return physical_id, attributes(physical_id)

    def update(physical_id, old, new, stack):
        create(None, new, stack)
        return physical_id, attributes(physical_id)

    return {"create": create, "update": update, "delete": lambda physical_id, properties: None}


def cluster(physical_id):
    url = os.environ.get("DAX_URL", "dax://127.0.0.1:8111")
    return {
        "Arn": f"arn:aws:dax:us-east-1:000000000000:cache/{physical_id}",
        "ClusterDiscoveryEndpointURL": url,
        "ClusterDiscoveryEndpoint": url.split("//")[1],
    }


provisioners._RESOURCE_HANDLERS.update(
    {
        "AWS::DAX::Cluster": resource("dax", cluster),
        "AWS::DAX::ParameterGroup": resource("parameters"),
        "AWS::DAX::SubnetGroup": resource("subnets"),
        "AWS::EC2::FlowLog": resource("fl", lambda physical_id: {"Id": physical_id}),
        "AWS::EC2::SecurityGroupEgress": resource("sgr", lambda physical_id: {"Id": physical_id}),
        "AWS::EC2::SecurityGroupIngress": resource("sgr", lambda physical_id: {"Id": physical_id}),
    }
)

main()
