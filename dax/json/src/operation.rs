//! Inputs and outputs of the ten data operations.

use aws_sdk_dynamodb::operation::{
    batch_get_item::{BatchGetItemInput, BatchGetItemOutput},
    batch_write_item::{BatchWriteItemInput, BatchWriteItemOutput},
    delete_item::{DeleteItemInput, DeleteItemOutput},
    get_item::{GetItemInput, GetItemOutput},
    put_item::{PutItemInput, PutItemOutput},
    query::{QueryInput, QueryOutput},
    scan::{ScanInput, ScanOutput},
    transact_get_items::{TransactGetItemsInput, TransactGetItemsOutput},
    transact_write_items::{TransactWriteItemsInput, TransactWriteItemsOutput},
    update_item::{UpdateItemInput, UpdateItemOutput},
};

// Requests.
shapes! {
    GetItemInput complete {
        "TableName" optional table_name set_table_name,
        "Key" optional key set_key,
        "AttributesToGet" optional attributes_to_get set_attributes_to_get,
        "ConsistentRead" optional consistent_read set_consistent_read,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ProjectionExpression" optional projection_expression set_projection_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
    }
    PutItemInput complete {
        "TableName" optional table_name set_table_name,
        "Item" optional item set_item,
        "Expected" optional expected set_expected,
        "ReturnValues" optional return_values set_return_values,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ReturnItemCollectionMetrics" optional return_item_collection_metrics set_return_item_collection_metrics,
        "ConditionalOperator" optional conditional_operator set_conditional_operator,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    UpdateItemInput complete {
        "TableName" optional table_name set_table_name,
        "Key" optional key set_key,
        "AttributeUpdates" optional attribute_updates set_attribute_updates,
        "Expected" optional expected set_expected,
        "ConditionalOperator" optional conditional_operator set_conditional_operator,
        "ReturnValues" optional return_values set_return_values,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ReturnItemCollectionMetrics" optional return_item_collection_metrics set_return_item_collection_metrics,
        "UpdateExpression" optional update_expression set_update_expression,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    DeleteItemInput complete {
        "TableName" optional table_name set_table_name,
        "Key" optional key set_key,
        "Expected" optional expected set_expected,
        "ConditionalOperator" optional conditional_operator set_conditional_operator,
        "ReturnValues" optional return_values set_return_values,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ReturnItemCollectionMetrics" optional return_item_collection_metrics set_return_item_collection_metrics,
        "ConditionExpression" optional condition_expression set_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ReturnValuesOnConditionCheckFailure" optional
            return_values_on_condition_check_failure set_return_values_on_condition_check_failure,
    }
    QueryInput complete {
        "TableName" optional table_name set_table_name,
        "IndexName" optional index_name set_index_name,
        "Select" optional select set_select,
        "AttributesToGet" optional attributes_to_get set_attributes_to_get,
        "Limit" optional limit set_limit,
        "ConsistentRead" optional consistent_read set_consistent_read,
        "KeyConditions" optional key_conditions set_key_conditions,
        "QueryFilter" optional query_filter set_query_filter,
        "ConditionalOperator" optional conditional_operator set_conditional_operator,
        "ScanIndexForward" optional scan_index_forward set_scan_index_forward,
        "ExclusiveStartKey" optional exclusive_start_key set_exclusive_start_key,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ProjectionExpression" optional projection_expression set_projection_expression,
        "FilterExpression" optional filter_expression set_filter_expression,
        "KeyConditionExpression" optional key_condition_expression set_key_condition_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
    }
    ScanInput complete {
        "TableName" optional table_name set_table_name,
        "IndexName" optional index_name set_index_name,
        "AttributesToGet" optional attributes_to_get set_attributes_to_get,
        "Limit" optional limit set_limit,
        "Select" optional select set_select,
        "ScanFilter" optional scan_filter set_scan_filter,
        "ConditionalOperator" optional conditional_operator set_conditional_operator,
        "ExclusiveStartKey" optional exclusive_start_key set_exclusive_start_key,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "TotalSegments" optional total_segments set_total_segments,
        "Segment" optional segment set_segment,
        "ProjectionExpression" optional projection_expression set_projection_expression,
        "FilterExpression" optional filter_expression set_filter_expression,
        "ExpressionAttributeNames" optional expression_attribute_names set_expression_attribute_names,
        "ExpressionAttributeValues" optional expression_attribute_values set_expression_attribute_values,
        "ConsistentRead" optional consistent_read set_consistent_read,
    }
    BatchGetItemInput complete {
        "RequestItems" optional request_items set_request_items,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
    }
    BatchWriteItemInput complete {
        "RequestItems" optional request_items set_request_items,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ReturnItemCollectionMetrics" optional return_item_collection_metrics set_return_item_collection_metrics,
    }
    TransactGetItemsInput complete {
        "TransactItems" optional transact_items set_transact_items,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
    }
    TransactWriteItemsInput complete {
        "TransactItems" optional transact_items set_transact_items,
        "ReturnConsumedCapacity" optional return_consumed_capacity set_return_consumed_capacity,
        "ReturnItemCollectionMetrics" optional return_item_collection_metrics set_return_item_collection_metrics,
        "ClientRequestToken" optional client_request_token set_client_request_token,
    }
}

// Responses.
shapes! {
    GetItemOutput {
        "Item" optional item set_item,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
    }
    PutItemOutput {
        "Attributes" optional attributes set_attributes,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
        "ItemCollectionMetrics" optional item_collection_metrics set_item_collection_metrics,
    }
    UpdateItemOutput {
        "Attributes" optional attributes set_attributes,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
        "ItemCollectionMetrics" optional item_collection_metrics set_item_collection_metrics,
    }
    DeleteItemOutput {
        "Attributes" optional attributes set_attributes,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
        "ItemCollectionMetrics" optional item_collection_metrics set_item_collection_metrics,
    }
    QueryOutput {
        "Items" optional items set_items,
        "Count" optional count set_count,
        "ScannedCount" optional scanned_count set_scanned_count,
        "LastEvaluatedKey" optional last_evaluated_key set_last_evaluated_key,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
    }
    ScanOutput {
        "Items" optional items set_items,
        "Count" optional count set_count,
        "ScannedCount" optional scanned_count set_scanned_count,
        "LastEvaluatedKey" optional last_evaluated_key set_last_evaluated_key,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
    }
    BatchGetItemOutput {
        "Responses" optional responses set_responses,
        "UnprocessedKeys" optional unprocessed_keys set_unprocessed_keys,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
    }
    BatchWriteItemOutput {
        "UnprocessedItems" optional unprocessed_items set_unprocessed_items,
        "ItemCollectionMetrics" optional item_collection_metrics set_item_collection_metrics,
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
    }
    TransactGetItemsOutput {
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
        "Responses" optional responses set_responses,
    }
    TransactWriteItemsOutput {
        "ConsumedCapacity" optional consumed_capacity set_consumed_capacity,
        "ItemCollectionMetrics" optional item_collection_metrics set_item_collection_metrics,
    }
}
