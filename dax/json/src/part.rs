//! What is nested in inputs and outputs.

use aws_sdk_dynamodb::types::{
    AttributeAction, AttributeValueUpdate, CancellationReason, Capacity, ComparisonOperator, Condition, ConditionCheck,
    ConditionalOperator, ConsumedCapacity, Delete, DeleteRequest, ExpectedAttributeValue, Get, ItemCollectionMetrics,
    ItemResponse, KeysAndAttributes, Put, PutRequest, ReturnConsumedCapacity, ReturnItemCollectionMetrics, ReturnValue,
    ReturnValuesOnConditionCheckFailure, Select, TransactGetItem, TransactWriteItem, Update, VectorCapacity,
    WriteRequest,
};

choices! {
    AttributeAction ComparisonOperator ConditionalOperator ReturnConsumedCapacity ReturnItemCollectionMetrics
    ReturnValue ReturnValuesOnConditionCheckFailure Select
}

// Parameters from before there were expressions.
shapes! {
    Condition complete {
        "AttributeValueList" optional attribute_value_list set_attribute_value_list,
        "ComparisonOperator" required comparison_operator set_comparison_operator,
    }
    ExpectedAttributeValue {
        "Value" optional value set_value,
        "Exists" optional exists set_exists,
        "ComparisonOperator" optional comparison_operator set_comparison_operator,
        "AttributeValueList" optional attribute_value_list set_attribute_value_list,
    }
    AttributeValueUpdate {
        "Value" optional value set_value,
        "Action" optional action set_action,
    }
}

// Batches.
shapes! {
    KeysAndAttributes complete {
        "Keys" required keys set_keys,
        "AttributesToGet" optional attributes_to_get set_attributes_to_get,
        "ConsistentRead" optional consistent_read set_consistent_read,
        "ProjectionExpression" optional projection_expression set_projection_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
    }
    WriteRequest {
        "PutRequest" optional put_request set_put_request,
        "DeleteRequest" optional delete_request set_delete_request,
    }
    PutRequest complete {
        "Item" required item set_item,
    }
    DeleteRequest complete {
        "Key" required key set_key,
    }
}

// Transactions.
shapes! {
    TransactGetItem {
        "Get" optional get set_get,
    }
    Get complete {
        "TableName" required table_name set_table_name,
        "Key" required key set_key,
        "ProjectionExpression" optional projection_expression set_projection_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
    }
    TransactWriteItem {
        "ConditionCheck" optional condition_check set_condition_check,
        "Put" optional put set_put,
        "Delete" optional delete set_delete,
        "Update" optional update set_update,
    }
    ConditionCheck complete {
        "TableName" required table_name set_table_name,
        "Key" required key set_key,
        "ConditionExpression" required condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    Put complete {
        "TableName" required table_name set_table_name,
        "Item" required item set_item,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    Delete complete {
        "TableName" required table_name set_table_name,
        "Key" required key set_key,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    Update complete {
        "TableName" required table_name set_table_name,
        "Key" required key set_key,
        "UpdateExpression" required update_expression set_update_expression,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    ItemResponse {
        "Item" optional item set_item,
    }
    CancellationReason {
        "Code" optional code set_code,
        "Message" optional message set_message,
        "Item" optional item set_item,
    }
}

// What a call cost.
shapes! {
    ConsumedCapacity {
        "TableName" optional table_name set_table_name,
        "CapacityUnits" optional capacity_units set_capacity_units,
        "ReadCapacityUnits" optional read_capacity_units set_read_capacity_units,
        "WriteCapacityUnits" optional write_capacity_units set_write_capacity_units,
        "Table" optional table set_table,
        "LocalSecondaryIndexes" optional local_secondary_indexes set_local_secondary_indexes,
        "GlobalSecondaryIndexes" optional global_secondary_indexes set_global_secondary_indexes,
        "VectorIndexes" optional vector_indexes set_vector_indexes,
    }
    Capacity {
        "ReadCapacityUnits" optional read_capacity_units set_read_capacity_units,
        "WriteCapacityUnits" optional write_capacity_units set_write_capacity_units,
        "CapacityUnits" optional capacity_units set_capacity_units,
    }
    VectorCapacity {
        "VectorSearchRequestBytes" optional vector_search_request_bytes set_vector_search_request_bytes,
        "VectorWriteRequestBytes" optional vector_write_request_bytes set_vector_write_request_bytes,
    }
    ItemCollectionMetrics {
        "ItemCollectionKey" optional item_collection_key set_item_collection_key,
        "SizeEstimateRangeGB" optional size_estimate_range_gb set_size_estimate_range_gb,
    }
}
