//! A client made of closures.

use std::fmt;
use std::future::ready;
use std::sync::{Mutex, PoisonError};

use crate::connector::BoxFuture;
use crate::op::each_operation;
use crate::{DynamoDb, Error, Method};

/// Stands in for one operation.
type Answer<I, O> = Option<Box<dyn FnMut(I) -> Result<O, Error> + Send>>;

macro_rules! fake {
    ($($method:ident $operation:ident $input:ident $output:ident $fake:ident;)+) => {
        /// A [`DynamoDb`] whose operations are closures.
        ///
        /// An operation without one fails with [`Error::Unsupported`]. A closure may have a state: it is called by one
        /// caller at a time.
        ///
        /// ```
        /// use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
        /// use dax_client::Method;
        /// use dax_client::test_util::{Fake, throttled};
        ///
        /// let mut throttle = 2;
        /// let db = Fake::new().on_get_item(move |_input| {
        ///     if throttle > 0 {
        ///         throttle -= 1;
        ///         return Err(throttled(Method::GetItem));
        ///     }
        ///     Ok(GetItemOutput::builder().build())
        /// });
        /// # let _ = db;
        /// ```
        #[derive(Default)]
        pub struct Fake {
            calls: Mutex<Vec<Method>>,
            $($method: Mutex<Answer<
                aws_sdk_dynamodb::operation::$method::$input,
                aws_sdk_dynamodb::operation::$method::$output,
            >>,)+
        }

        impl Fake {
            $(
                #[doc = concat!("Answers `", stringify!($operation), "`.")]
                #[must_use]
                pub fn $fake(
                    mut self,
                    answer: impl FnMut(
                        aws_sdk_dynamodb::operation::$method::$input,
                    ) -> Result<aws_sdk_dynamodb::operation::$method::$output, Error> + Send + 'static,
                ) -> Self {
                    self.$method = Mutex::new(Some(Box::new(answer)));
                    self
                }
            )+
        }

        impl DynamoDb for Fake {
            $(
                fn $method(
                    &self,
                    input: aws_sdk_dynamodb::operation::$method::$input,
                ) -> BoxFuture<'_, Result<aws_sdk_dynamodb::operation::$method::$output, Error>> {
                    Box::pin(ready(self.answer(Method::$operation, &self.$method, input)))
                }
            )+
        }
    };
}

each_operation!(fake);

impl Fake {
    /// Without any operation.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was called, in order. The inputs are given to the closures, which can keep them.
    #[must_use]
    pub fn calls(&self) -> Vec<Method> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer<I, O>(&self, method: Method, answer: &Mutex<Answer<I, O>>, input: I) -> Result<O, Error> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(method);
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.as_mut().map_or(Err(Error::Unsupported { method }), |answer| answer(input))
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("calls", &self.calls()).finish_non_exhaustive()
    }
}
